# Posteriors of the normal-normal model by base R's adaptive integration: Rscript generate.R
#
# `believed` is that of the scripts that reproduce a review. Data of metafor: BCG vaccine (log risk
# ratios), teachers' expectations (standardized mean differences), passive smoking (log odds ratios),
# stroke units (standardized), each whole and its first three studies alone.
suppressMessages({library(metafor); library(jsonlite)})
source("../../../review/export/reproduction/templates/posterior.R")

sets <- list(
  bcg = escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
  raudenbush1985 = dat.raudenbush1985,
  hackshaw1998 = dat.hackshaw1998,
  normand1999 = escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999))
priors <- list(list("half-normal", 0.5, 0, Inf), list("half-normal", 0.5, 0, 1),
               list("half-Cauchy", 0.3, 0.2, 2), list("half-Cauchy", 1, 0, Inf))
found <- list()
for (name in names(sets)) for (few in c(FALSE, TRUE)) for (prior in priors) {
  y <- as.numeric(sets[[name]]$yi); v <- as.numeric(sets[[name]]$vi)
  if (few) { y <- y[1:3]; v <- v[1:3] }
  told <- believed(y, v, 0.95, prior[[1]], prior[[2]], prior[[3]], prior[[4]], c(-0.25, 0))
  found[[length(found) + 1]] <- list(data = name, y = y, v = v, family = prior[[1]], scale = prior[[2]],
    mean = prior[[3]], sd = if (is.finite(prior[[4]])) prior[[4]], numbers = as.list(told$numbers),
    above = lapply(told$above, as.list))
}
write_json(found, "posteriors.json", digits = NA, auto_unbox = TRUE, null = "null")
