# Single arms by metafor, pooled by REML with normal intervals: Rscript generate.R
#
# Proportions (PR, PLN, PAS): relapse of hepatic encephalopathy (Pritz 1997), adherence (de Bruin 2009)
# and response (Hannum 2020), of metadat. Logarithms of means (MNLN): first arms of stroke units
# (Normand 1999), of plants (Curtis 1998) and of asthma trials (Gibson 2002).
suppressMessages({library(metafor); library(jsonlite)})

counts <- list(pritz1997 = dat.pritz1997[c("xi", "ni")], debruin2009 = dat.debruin2009[c("xi", "ni")],
               hannum2020 = dat.hannum2020[c("xi", "ni")])
means <- lapply(list(normand1999 = dat.normand1999, curtis1998 = dat.curtis1998, gibson2002 = dat.gibson2002), function(d) {
  d <- d[complete.cases(d[c("n1i", "m1i", "sd1i")]) & d$m1i > 0, ]
  data.frame(ni = d$n1i, mi = d$m1i, sdi = d$sd1i)
})
fitted <- function(y) {
  tau2 <- NULL
  for (i in 1:6) {
    fit <- rma(yi, vi, data = y, test = "z", control = list(threshold = 1e-10, maxiter = 10000, tau2.init = tau2))
    tau2 <- fit$tau2
  }
  list(yi = as.numeric(y$yi), vi = as.numeric(y$vi), estimate = c(fit$beta), se = fit$se, tau2 = fit$tau2)
}
found <- c(
  lapply(counts, function(d) list(rows = d, fits = lapply(c(PR = "PR", PLN = "PLN", PAS = "PAS"), function(m)
    fitted(escalc(m, xi = xi, ni = ni, data = d))))),
  lapply(means, function(d) list(rows = d, fits = list(MNLN = fitted(escalc("MNLN", mi = mi, sdi = sdi, ni = ni, data = d))))))
write_json(found, "alone.json", digits = NA, auto_unbox = TRUE)
