#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lrhost as a stage of a Spark job (docs/spark.md), with PySpark from PyPI in local mode: some 500 MB
# in $BUILD/spark, fetched once. `make spark-bridge`; no part of `make check`.
. "$(dirname "$0")/../sdk/lib.sh"
SPARK_VERSION=${SPARK_VERSION:-4.1.1}
command -v python3 >/dev/null || skip "no python3 here"
command -v java >/dev/null || skip "no java here"
venv=$BUILD/spark
if ! "$venv/bin/python" -c 'import pyspark' 2>/dev/null; then
    echo "fetching PySpark $SPARK_VERSION into $venv"
    python3 -m venv "$venv" && "$venv/bin/pip" install -q "pyspark==$SPARK_VERSION" ||
        skip "PySpark $SPARK_VERSION could not be fetched"
fi

cd "$work" || exit 70
lrhost new model mine >"$work/out" && make -s -C mine >"$work/out" 2>&1
expect_code 0 $? "a plugin" "$work/out"
mkdir jobs
cp "$root/configs/pipe.ini" mine/mine.so jobs/
sed -e 's|^plugin        = linreg|plugin = ./mine.so|; /^train_records/d; /^seed/d' jobs/pipe.ini >jobs/mine.ini
SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$venv/bin/python run_for 240 "$venv/bin/python" \
    "$root/tests/spark/bridge.py" "$lrhost" "$work/jobs" 2>err | tee "$work/out"
expect_code 0 "${PIPESTATUS[0]}" "the Spark job" err
expect_equal 6 "$(grep -c '^holds:' "$work/out")" "things that hold"
