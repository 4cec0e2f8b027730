"""The local AWS of Tamiz: moto's server, mended, with Batch jobs and Lambda functions as processes of this machine."""
