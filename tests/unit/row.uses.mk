UNIT_USES_row := $(NUMBER_PARTS:%=plugins/common/%.o)
# Its controls compile as they go.
UNIT_BIN += tests/unit/row_controls.sh
