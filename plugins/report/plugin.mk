USES_report := flatjson
