# Changes within arms by metafor: Rscript generate.R
#
# Treatment and comparison groups of five studies of training (Morris 2008, table 1, as in metafor's
# documentation), and weights of young women with anorexia before and after one of three treatments
# (MASS, Hand et al. 1993), of whose persons means, SDs and correlations are taken here. MC, SMCC and
# SMCR are metafor's; SMCRH, SMCRP and SMCRPH, which 3.8 computes otherwise or not, are written out
# after Bonett 2008 and Cousineau 2020, as metafor 5 has them. Ratios of means are metafor's ROMC with the
# correction of Lajeunesse 2015 that version 5 has; VRC and CVRC are written out after Senior et al. 2020.
# Pooled by REML.
suppressMessages({library(metafor); library(MASS); library(jsonlite)})

sets <- list(
  trained = data.frame(m2i = c(30.6, 23.5, 0.5, 53.4, 35.6), m1i = c(38.5, 26.8, 0.7, 75.9, 36.0),
                       sd1i = c(15.0, 3.1, 0.1, 14.5, 4.7), sd2i = c(11.6, 4.1, 0.1, 4.4, 4.6),
                       ni = c(20, 50, 9, 10, 14), ri = c(.47, .64, .77, .89, .44)),
  untrained = data.frame(m2i = c(23.1, 24.9, 0.6, 55.7, 34.8), m1i = c(19.7, 25.3, 0.6, 60.7, 33.4),
                         sd1i = c(13.8, 4.1, 0.2, 17.3, 3.1), sd2i = c(14.8, 3.3, 0.2, 17.9, 6.9),
                         ni = c(20, 42, 9, 11, 14), ri = c(.47, .64, .77, .89, .44)),
  anorexia = do.call(rbind, lapply(split(anorexia, anorexia$Treat), function(d)
    data.frame(m2i = mean(d$Prewt), m1i = mean(d$Postwt), sd1i = sd(d$Prewt), sd2i = sd(d$Postwt),
               ni = nrow(d), ri = cor(d$Prewt, d$Postwt)))))
other <- function(measure, d, vtype = "LS", correct = TRUE) with(d, {
  J <- function(m) if (correct) exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2)) else 1
  if (measure %in% c("ROMC", "VRC", "CVRC")) { # here sd1i is before and goes with m2i
    means <- escalc("ROMC", m1i = m1i, m2i = m2i, sd1i = sd2i, sd2i = sd1i, ni = ni, ri = ri)
    ratio <- as.numeric(means$yi) + correct * ((sd2i / m1i)^2 - (sd1i / m2i)^2) / (2 * ni)
    varied <- data.frame(yi = log(sd2i / sd1i), vi = (1 - ri^2) / (ni - 1))
    return(switch(measure, ROMC = data.frame(yi = ratio, vi = means$vi), VRC = varied,
                  CVRC = data.frame(yi = varied$yi - ratio, vi = varied$vi + means$vi)))
  }
  spread <- sd1i^2 + sd2i^2 - 2 * ri * sd1i * sd2i
  if (measure %in% c("SMCC", "SMCR")) { # not corrected, which 3.8 does not know
    g <- (m1i - m2i) / (if (measure == "SMCC") sqrt(spread) else sd1i)
    return(data.frame(yi = g, vi = (if (measure == "SMCC") 1 else 2 * (1 - ri)) / ni + g^2 / (2 * ni)))
  }
  if (measure == "SMCRH") {
    g <- J(ni - 1) * (m1i - m2i) / sd1i
    return(data.frame(yi = g, vi = spread / (sd1i^2 * (ni - 1)) + g^2 / (2 * (ni - 1))))
  }
  s <- (sd1i^2 + sd2i^2) / 2
  g <- J(2 * (ni - 1) / (1 + ri^2)) * (m1i - m2i) / sqrt(s)
  if (measure == "SMCRP") return(data.frame(yi = g, vi = 2 * (1 - ri) / ni + g^2 * (1 + ri^2) / (4 * ni)))
  size <- if (vtype == "LS2") ni else ni - 1
  data.frame(yi = g, vi = spread / (s * size) +
    g^2 * (sd1i^4 + sd2i^4 + 2 * (ri * sd1i * sd2i)^2) / (8 * s^2 * size))
})
sharp <- function(y) {
  fit <- rma(yi, vi, data = y, test = "z")
  for (i in 1:8) {
    again <- try(rma(yi, vi, data = y, test = "z",
                     control = list(threshold = 1e-12, maxiter = 1000, tau2.init = fit$tau2)), silent = TRUE)
    if (inherits(again, "try-error")) again <- rma(yi, vi, data = y, test = "z", control = list(tau2.init = fit$tau2))
    fit <- again
  }
  fit
}
# formulas and no correction, as plans choose them
asked <- list(list("SMCC", "LS2", TRUE), list("SMCC", "LS", FALSE), list("SMCR", "LS2", TRUE), list("SMCR", "LS2", FALSE),
              list("SMCRH", "LS", FALSE), list("SMCRP", "LS", FALSE), list("SMCRPH", "LS2", TRUE), list("SMCRPH", "LS", FALSE),
              list("ROMC", "LS", FALSE), list("CVRC", "LS", FALSE))
found <- lapply(sets, function(d) {
  chosen <- lapply(asked, function(a) {
    y <- if (a[[1]] %in% c("SMCC", "SMCR") && a[[3]])
      escalc(a[[1]], m1i = m1i, m2i = m2i, sd1i = sd1i, sd2i = sd2i, ni = ni, ri = ri, data = d, vtype = a[[2]])
      else other(a[[1]], d, a[[2]], a[[3]])
    fit <- sharp(y)
    list(measure = a[[1]], vtype = a[[2]], correct = a[[3]], yi = as.numeric(y$yi), vi = as.numeric(y$vi),
         estimate = c(fit$beta), se = fit$se, tau2 = fit$tau2)
  })
  fits <- lapply(c(MC = "MC", SMCC = "SMCC", SMCR = "SMCR", SMCRH = "SMCRH", SMCRP = "SMCRP", SMCRPH = "SMCRPH",
                   ROMC = "ROMC", VRC = "VRC", CVRC = "CVRC"),
    function(m) {
      y <- if (m %in% c("MC", "SMCC", "SMCR"))
        escalc(m, m1i = m1i, m2i = m2i, sd1i = sd1i, sd2i = sd2i, ni = ni, ri = ri, data = d) else other(m, d)
      fit <- sharp(y)
      list(yi = as.numeric(y$yi), vi = as.numeric(y$vi), estimate = c(fit$beta), se = fit$se, tau2 = fit$tau2)
    })
  list(arms = d, fits = fits, chosen = chosen)
})
write_json(found, "changes.json", digits = NA, auto_unbox = TRUE)
