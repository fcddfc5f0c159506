def try_all(report, folder): pass
