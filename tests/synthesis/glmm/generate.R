# Reference values of review.synthesis.glmm: Rscript generate.R > glmm.json
#
# Data: package metadat. rma.glmm with 25 points of adaptive quadrature where lme4 fits one random
# effect, Laplace where it has two (UM.RS), and with lme4's search made sharper than its default.
# CM.EL of odds ratios needs the package BiasedUrn.
suppressMessages({library(metafor); library(jsonlite)})
out <- list()
add <- function(name, measure, model, columns, data) {
  points <- if (measure %in% c("OR", "IRR") && model == "UM.RS") 1 else 25
  sharp <- list(glmerCtrl = list(optimizer = "bobyqa", tolPwrss = 1e-9,
                                 optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))
  args <- c(list(measure = measure, nAGQ = points, control = sharp),
            lapply(columns, function(x) data[[x]]))
  if (model == "CM.EL" && measure == "OR") args$control <- list()
  if (measure %in% c("OR", "IRR")) args$model <- model
  r <- try(suppressWarnings(do.call(rma.glmm, args)), silent = TRUE)
  if (inherits(r, "try-error")) { message(name, measure, model, r); return(invisible()) }
  out[[length(out) + 1]] <<- list(
    data = unbox(name), measure = unbox(measure), model = unbox(model),
    columns = lapply(columns, function(x) as.numeric(data[[x]])), k = unbox(r$k),
    estimate = unbox(c(r$beta)), se = unbox(r$se), tau2 = unbox(r$tau2),
    sigma2 = unbox(if (is.null(r$sigma2)) NA else r$sigma2), lrt = unbox(r$QE.LRT),
    i2 = unbox(r$I2))
}
four <- list(ai = "ai", bi = "bi", ci = "ci", di = "di")
bcg <- transform(dat.bcg, ai = tpos, bi = tneg, ci = cpos, di = cneg)
hine <- transform(dat.hine1989, bi = n1i - ai, di = n2i - ci)
niel <- transform(dat.nielweise2007, bi = n1i - ai, di = n2i - ci)
hahn <- transform(dat.hahn2001, bi = n1i - ai, di = n2i - ci)
coll <- transform(dat.collins1985b, ai = pre.xti, bi = pre.nti - pre.xti, ci = pre.xci,
                  di = pre.nci - pre.xci)
sets <- list(bcg = bcg, hine1989 = hine, nielweise2007 = niel, hahn2001 = hahn, collins1985b = coll)
for (n in names(sets)) {
  for (m in c("UM.FS", "UM.RS", "CM.EL", "CM.AL")) add(n, "OR", m, four, sets[[n]])
  add(n, "PLO", "UM.RS", list(xi = "ci", mi = "di"), sets[[n]])
}
bcgt <- transform(bcg, x1i = ai, t1i = ai + bi, x2i = ci, t2i = ci + di)
rates <- list(nielweise2008 = dat.nielweise2008, hart1999 = dat.hart1999, bcg = bcgt)
for (n in names(rates)) {
  for (m in c("UM.FS", "UM.RS", "CM.EL")) {
    add(n, "IRR", m, list(x1i = "x1i", t1i = "t1i", x2i = "x2i", t2i = "t2i"), rates[[n]])
  }
  add(n, "IRLN", "UM.RS", list(xi = "x1i", ti = "t1i"), rates[[n]])
}
cat(toJSON(out, digits = 12))
