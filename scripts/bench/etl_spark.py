#!/usr/bin/env python3
"""The same cleaning on PySpark in its best form: one mapInPandas, so that rows cross to Python and back once.

    etl_spark.py IN.csv OUT_FOLDER CORES    headerless polarity,title,text

Writes Parquet (zstd). crates/text/reference has to be on PYTHONPATH. Needs Java 17.
"""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

from etl_pandas import add_columns
from pyspark.sql import SparkSession
from pyspark.sql.functions import concat_ws

IN = "label int, title string, text string"
OUT = f"{IN}, clean_text string, tokens array<string>, content_tokens array<string>, stems array<string>, compound double, sentiment string"


def main() -> None:
    source, folder, cores = sys.argv[1:]
    spark = (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.parquet.compression.codec", "zstd")
        # Small enough that every core has work.
        .config("spark.sql.files.maxPartitionBytes", "8m")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    reviews = spark.read.schema(IN).option("quote", '"').option("escape", '"').csv(source)
    joined = reviews.withColumn("text", concat_ws(" ", "title", "text"))
    cleaned = joined.mapInPandas(lambda frames: map(add_columns, frames), OUT)
    cleaned.write.mode("overwrite").parquet(f"{folder}/clean")
    spark.stop()


if __name__ == "__main__":
    main()
