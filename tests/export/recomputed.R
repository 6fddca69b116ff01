# What every export of the demonstration data must say, computed from the raw files alone.
#
#   Rscript recomputed.R FOLDER      results.csv and protocol.yaml of seeds/cbt-delivery
#
# Prints a line a number: analysis, study (empty for the pooled result), quantity, value. It knows
# nothing of the program: which treatments are compared stands here, and the sign of an effect comes
# from the direction of its instrument in protocol.yaml. Needs metafor.

suppressPackageStartupMessages(library(metafor))

folder <- commandArgs(trailingOnly = TRUE)[1]
raw <- read.csv(file.path(folder, "results.csv"), encoding = "UTF-8", check.names = FALSE)

# - {slug: bdi, name: ..., outcome: depression, higher_is_better: false}
lines <- grep("higher_is_better:", readLines(file.path(folder, "protocol.yaml"), encoding = "UTF-8"),
              value = TRUE)
slug <- sub(".*slug: *([^,]+),.*", "\\1", lines)
higher_is_better <- setNames(grepl("higher_is_better: *true", lines), slug)

control <- c("Wait list", "TAU", "No treatment", "Placebo")
analyses <- list("multimedia" = "Multimedia CBT", "face-to-face" = "F2F CBT",
                 "any-cbt" = c("F2F CBT", "Multimedia CBT", "Hybrid CBT"))

say <- function(analysis, study, numbers) for (name in names(numbers))
  cat(analysis, study, name, sprintf("%.17g", numbers[[name]]), sep = "\t", fill = FALSE, "\n")

# Arms of one side as one: estimates weighted by persons.
side <- function(arms) {
  share <- arms$n / sum(arms$n)
  c(n = sum(arms$n), estimate = sum(share * arms$estimate), variance = sum(share^2 * arms$variance))
}

for (i in seq_len(nrow(raw))) say("raw", paste(raw$study[i], raw$arm[i], sep = " / "),
  c(n = raw$n[i], estimate = raw$estimate[i], variance = raw$variance[i]))

for (analysis in names(analyses)) {
  found <- do.call(rbind, lapply(split(raw, raw$study), function(arms) {
    treated <- arms[arms$treatment %in% analyses[[analysis]], ]
    untreated <- arms[arms$treatment %in% control, ]
    if (nrow(treated) == 0 || nrow(untreated) == 0) return(NULL)
    stopifnot(length(unique(arms$instrument)) == 1)
    sign <- if (higher_is_better[[arms$instrument[1]]]) 1 else -1
    a <- side(treated)
    b <- side(untreated)
    data.frame(study = arms$study[1], n1 = a[["n"]], n2 = b[["n"]],
               yi = sign * (a[["estimate"]] - b[["estimate"]]),
               vi = a[["variance"]] + b[["variance"]])
  }))
  model <- function(test) rma(yi, vi, data = found, method = "REML", test = test,
                              control = list(threshold = 1e-12, maxiter = 10000))
  fit <- model("adhoc")
  normal <- model("z")
  predicted <- predict(fit)
  tau2 <- confint(fit, control = list(tol = 1e-12))$random["tau^2", ]
  egger <- regtest(found$yi, found$vi, model = "lm")
  say(analysis, "", c(
    k = fit$k, participants = sum(found$n1 + found$n2), estimate = fit$beta[1], se = fit$se,
    p = fit$pval, ci_low = fit$ci.lb, ci_high = fit$ci.ub, z_ci_low = normal$ci.lb,
    z_ci_high = normal$ci.ub, pi_low = predicted$pi.lb, pi_high = predicted$pi.ub, tau2 = fit$tau2,
    tau2_ci_low = tau2[["ci.lb"]], tau2_ci_high = tau2[["ci.ub"]], I2 = fit$I2, H2 = fit$H2,
    Q = fit$QE, Q_df = fit$k - 1, Q_p = fit$QEp, egger_stat = egger$zval, egger_p = egger$pval))
  half <- qnorm(0.975) * sqrt(found$vi)
  weight <- weights(fit)
  for (i in seq_len(nrow(found))) say(analysis, found$study[i], c(
    n_intervention = found$n1[i], n_comparator = found$n2[i], yi = found$yi[i], vi = found$vi[i],
    ci_low = found$yi[i] - half[i], ci_high = found$yi[i] + half[i], weight = weight[[i]]))
}
