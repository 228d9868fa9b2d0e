USES_console := flatjson
