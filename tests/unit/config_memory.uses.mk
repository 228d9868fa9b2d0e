UNIT_LIBS_config_memory := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
