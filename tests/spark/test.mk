# lrhost as a stage of a Spark job. Not part of any check: it fetches 500 MB.
.PHONY: spark-bridge
spark-bridge: all
	tests/spark/bridge.sh
