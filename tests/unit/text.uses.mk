UNIT_USES_text := plugins/text/text.o plugins/text/layout.o plugins/text/decode.o \
                  plugins/text/encode.o plugins/text/fault.o $(USES_text:%=plugins/common/%.o)
