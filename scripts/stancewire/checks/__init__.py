"""Checks: everything a project or a package must hold, as functions that return problems.

`catalogue` names the checks; `project_checks.check_project` runs them all. The modules `files`, `loading`, `rows`,
`spans`, `texts` and `decisions` need pyarrow alone, since `verify` must run where nothing else is installed.
"""
