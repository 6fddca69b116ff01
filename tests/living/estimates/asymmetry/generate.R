# Egger's test on each predictor, of three data sets of metadat, by metafor: Rscript generate.R
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

sets <- list(
  vaccine = list(measure = "RR", rows = with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg))),
  magnesium = list(measure = "OR", rows = with(dat.li2007, data.frame(ai = ai, n1i = n1i, ci = ci, n2i = n2i))),
  plants = list(measure = "MD", rows = head(dat.curtis1998[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")], 40)))
found <- list()
for (name in names(sets)) {
  one <- sets[[name]]
  y <- do.call(escalc, c(list(measure = one$measure), one$rows))
  n <- one$rows$n1i + one$rows$n2i
  tests <- lapply(c("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"), function(predictor) {
    found <- regtest(c(y$yi), y$vi, ni = n, model = "lm", predictor = predictor)
    list(predictor = predictor, stat = found$zval, ddf = found$ddf, p = found$pval)
  })
  found[[name]] <- list(measure = one$measure, rows = one$rows, tests = tests)
}
write_json(found, "expected.json", digits = NA, auto_unbox = TRUE)
