UNIT_USES_number := plugins/common/number.o
# The table of powers is what its generator writes.
UNIT_BIN += tests/unit/powers.sh
