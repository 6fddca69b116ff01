# Events in person-time of three data sets of metadat by metafor: Rscript generate.R
#
# Rates per 100 person-years. Strokes in trials of warfarin (hart1999, person-years), infections of
# catheters (nielweise2008, catheter-days, here as if person-years), responders to placebo and other
# arms over the days of treatment (dorn2007). Mixed models are lme4's, with a sharp search.
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

sets <- list(
  warfarin = with(dat.hart1999, data.frame(x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i)),
  catheters = with(dat.nielweise2008, data.frame(x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i)),
  placebo = with(dat.dorn2007, data.frame(x1i = x.a, t1i = n.a * days / 365, x2i = x.p, t2i = n.p * days / 365)))
# rma's search goes on from where it ended, as its last digits do not change any more
sharp <- function(...) {
  fit <- rma(..., test = "z")
  for (i in 1:8) {
    again <- try(rma(..., test = "z", control = list(threshold = 1e-12, maxiter = 1000, tau2.init = fit$tau2)), silent = TRUE)
    if (inherits(again, "try-error")) again <- rma(..., test = "z", control = list(tau2.init = fit$tau2))
    fit <- again
  }
  fit
}
search <- list(optimizer = "bobyqa", tolPwrss = 1e-9, optCtrl = list(rhoend = 1e-9, maxfun = 1e5))
found <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  d <- d[stats::complete.cases(d), ]
  h <- transform(d, t1i = t1i / 100, t2i = t2i / 100)
  keep <- function(fit) list(estimate = c(fit$beta), se = fit$se, tau2 = if (is.null(fit$tau2)) 0 else fit$tau2)
  fits <- list()
  for (m in c("IRR", "IRD", "IRSD"))
    fits[[m]] <- keep(sharp(measure = m, x1i = h$x1i, t1i = h$t1i, x2i = h$x2i, t2i = h$t2i))
  for (m in c("IR", "IRLN", "IRS", "IRFT"))
    fits[[m]] <- keep(sharp(measure = m, xi = h$x1i, ti = h$t1i))
  effect <- ifelse(seq_len(nrow(d)) %% 2 == 1, 1 + 14 * 0.03, 1)
  for (m in c("IRR", "IRD")) {
    fit <- rma.mh(measure = m, x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = h)
    fits[[paste("MH", m)]] <- c(keep(fit), Q = fit$QE)
    fits[[paste("clusters", m)]] <- keep(rma.mh(measure = m, x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = h / effect))
  }
  for (m in c("UM.FS", "UM.RS", "CM.EL")) {
    fit <- try(suppressWarnings(rma.glmm(measure = "IRR", model = m, x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i,
      data = h, nAGQ = if (m == "UM.RS") 1 else 25, control = list(glmerCtrl = search))), silent = TRUE)
    if (!inherits(fit, "try-error")) fits[[m]] <- keep(fit) # placebo: the search of lme4 does not end
    else message(name, " ", m)
  }
  fits[["UM.RS alone"]] <- keep(suppressWarnings(rma.glmm(measure = "IRLN", xi = x1i, ti = t1i, data = h, nAGQ = 25,
    control = list(glmerCtrl = search))))
  found[[name]] <- list(counts = as.matrix(d), fits = fits)
}
write_json(found, "rates.json", digits = NA, auto_unbox = TRUE)
