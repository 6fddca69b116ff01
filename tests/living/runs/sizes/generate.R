# Proportions and rates of single arms by Freeman and Tukey's transformations, transformed back by
# metafor: three data sets of metadat each. Rscript generate.R
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

shares <- list(
  pritz1997 = with(dat.pritz1997, data.frame(x = xi, size = ni)),
  debruin2009 = with(dat.debruin2009, data.frame(x = xi, size = ni)),
  hannum2020 = with(dat.hannum2020, data.frame(x = xi, size = ni)))
rates <- list( # per 100 person-years, as plans have them
  hart1999 = with(dat.hart1999, data.frame(x = x1i, size = t1i / 100)),
  nielweise2008 = with(dat.nielweise2008, data.frame(x = x1i, size = t1i / 100)),
  dorn2007 = with(dat.dorn2007, data.frame(x = x.a, size = n.a * days / 36500)))
found <- list()
for (measure in c("PFT", "IRFT")) for (name in names(if (measure == "PFT") shares else rates)) {
  d <- (if (measure == "PFT") shares else rates)[[name]]
  d <- d[stats::complete.cases(d), ]
  y <- if (measure == "PFT") escalc("PFT", xi = d$x, ni = d$size) else escalc("IRFT", xi = d$x, ti = d$size)
  fit <- rma(y, method = "REML", test = "z", control = list(threshold = 1e-10, maxiter = 5000, stepadj = 0.5))
  p <- predict(fit)
  mean <- 1 / mean(1 / d$size)
  back <- function(x) if (measure == "PFT") transf.ipft.hm(x, targs = list(ni = d$size)) else transf.iirft(x, mean)
  own <- if (measure == "PFT") transf.ipft else transf.iirft
  half <- qnorm(0.975) * sqrt(y$vi)
  at <- function(x) mapply(own, x, d$size)
  found[[name]] <- list(measure = measure, x = d$x, size = d$size,
    estimate = back(p$pred), ci = back(c(p$ci.lb, p$ci.ub)), pi = back(c(p$pi.lb, p$pi.ub)),
    each = at(y$yi), low = at(y$yi - half), high = at(y$yi + half))
}
write_json(found, "expected.json", digits = NA, auto_unbox = TRUE)
