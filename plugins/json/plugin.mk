USES_json := number columns
# The same compiler links C++ as C, so its library is named.
LIBS_json := -lsimdjson -lstdc++
