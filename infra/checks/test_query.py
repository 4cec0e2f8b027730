"""The table over the predictions, against the parts that the labelling writes."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from desk import ACCOUNT

# Hive's names of the types, as Athena reads them from Parquet. A part holds no value that does not fit.
PLAIN = {
    pa.int8(): "tinyint",
    pa.int64(): "bigint",
    pa.uint64(): "bigint",
    pa.uint32(): "int",
    pa.float32(): "float",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.timestamp("ms", tz="UTC"): "timestamp",
}


@pytest.fixture(scope="module")
def table(pipe) -> dict:
    return pipe.client("glue").get_table(DatabaseName="tamiz", Name="predictions")["Table"]


@pytest.fixture(scope="module")
def part(pipe) -> tuple[str, pa.Schema]:
    """Key and schema of a part that the labelling wrote with the shipped configuration."""
    key = pipe.keys("results", "/predictions/")[0]
    body = pipe.client("s3").get_object(Bucket=f"tamiz-results-{ACCOUNT}", Key=key)["Body"].read()
    return key, pq.read_schema(io.BytesIO(body))


def hive(kind: pa.DataType) -> str:
    """The name of an Arrow type in Hive."""
    if pa.types.is_dictionary(kind):
        return hive(kind.value_type)
    if pa.types.is_list(kind):
        return f"array<{hive(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{hive(field.type)}' for field in kind)}>"
    return PLAIN[kind]


def test_the_table_has_the_columns_of_a_part(table, part):
    _, schema = part
    told = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
    assert told == [(field.name, hive(field.type)) for field in schema]


def test_a_query_that_names_a_run_finds_its_parts(table, part):
    key, _ = part
    run_id = key.split("/")[1]
    template = table["Parameters"]["storage.location.template"]
    assert f"s3://tamiz-results-{ACCOUNT}/{key}".startswith(template.replace("${run_id}", run_id))
    assert template.replace("${run_id}", run_id).endswith(f"/{run_id}/predictions/")
    assert [key["Name"] for key in table["PartitionKeys"]] == ["run_id"]
    assert table["Parameters"]["projection.enabled"] == "true"
    assert table["Parameters"]["projection.run_id.type"] == "injected"


def test_queries_are_bounded_and_their_answers_encrypted_with_our_key(pipe, stack):
    told = pipe.client("athena").get_work_group(WorkGroup="tamiz")["WorkGroup"]["Configuration"]
    place = told["ResultConfiguration"]
    assert place["OutputLocation"] == f"s3://tamiz-results-{ACCOUNT}/athena/"
    assert place["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert place["EncryptionConfiguration"]["KmsKey"].startswith("arn:aws:kms:")
    written = stack.properties("Workgroup")["WorkGroupConfiguration"]
    assert written["EnforceWorkGroupConfiguration"] is True
    assert written["BytesScannedCutoffPerQuery"] == {"Ref": "QueryCeilingBytes"}
