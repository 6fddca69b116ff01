"""The tables that authors paste into a paper: one module a table, `registry` names them all."""
