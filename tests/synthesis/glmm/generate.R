# Reference values of review.synthesis.glmm: Rscript generate.R > glmm.json
# Data: package metadat. Adaptive quadrature with 25 points where the model is fitted by lme4.
suppressMessages({library(metafor); library(jsonlite)})
out <- list()
add <- function(name, measure, model, columns, data) {
  args <- c(list(measure = measure, nAGQ = 25), lapply(columns, function(x) data[[x]]))
  if (!is.null(model)) args$model <- model
  r <- suppressWarnings(do.call(rma.glmm, args))
  out[[length(out) + 1]] <<- list(
    data = unbox(name), measure = unbox(measure), model = unbox(if (is.null(model)) "" else model),
    columns = lapply(columns, function(x) as.numeric(data[[x]])),
    estimate = unbox(c(r$beta)), se = unbox(r$se), tau2 = unbox(r$tau2))
}
four <- c(ai = "ai", bi = "bi", ci = "ci", di = "di")
bcg <- transform(dat.bcg, ai = tpos, bi = tneg, ci = cpos, di = cneg)
hine <- transform(dat.hine1989, bi = n1i - ai, di = n2i - ci)
niel <- transform(dat.nielweise2007, bi = n1i - ai, di = n2i - ci)
hahn <- transform(dat.hahn2001, bi = n1i - ai, di = n2i - ci)
sets <- list(bcg = bcg, hine1989 = hine, nielweise2007 = niel, hahn2001 = hahn)
for (n in names(sets)) {
  add(n, "OR", "CM.AL", as.list(four), sets[[n]])
  # CM.EL needs the package BiasedUrn: not yet in the grid
  add(n, "PLO", NULL, list(xi = "ci", mi = "di"), sets[[n]])
}
n8 <- dat.nielweise2008
hart <- dat.hart1999
bcgt <- transform(bcg, x1i = ai, t1i = ai + bi, x2i = ci, t2i = ci + di)
for (p in list(list("nielweise2008", n8), list("hart1999", hart), list("bcg", bcgt))) {
  add(p[[1]], "IRR", "CM.EL", list(x1i = "x1i", t1i = "t1i", x2i = "x2i", t2i = "t2i"), p[[2]])
  add(p[[1]], "IRLN", NULL, list(xi = "x1i", ti = "t1i"), p[[2]])
}
cat(toJSON(out, digits = 12))
