# Several outcomes of the studies of a file by metafor 3.8: Rscript generate.R, here
#
# Data: package metadat (berkey1998, kalaian1996, assink2016 with one effect of a study and kind; with groups, times
# or covariances: hasselblad1998, dong2013, pagliaro1992, knapp2017, dagostino1998, ishak2007, fine1993, berkey1998).
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
out <- list()
one <- function(name, d, struct, study, outcome, rho) {
  d <- data.frame(study = as.character(d[[study]]), outcome = as.character(d[[outcome]]), yi = d$yi, vi = d$vi)
  d$outcome <- factor(d$outcome, levels = unique(d$outcome))
  write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
  V <- vcalc(vi, cluster = study, type = outcome, rho = rho, data = d)
  r <- rma.mv(yi, V, mods = ~ 0 + outcome, random = ~ outcome | study, struct = struct, data = d,
              control = list(optimizer = "BFGS", reltol = 1e-14, maxit = 5000))
  a <- anova(r, X = c(-1, 1, rep(0, length(r$beta) - 2)))
  out[[length(out) + 1]] <<- list(data = name, structure = struct, rho = rho, beta = c(r$beta), se = r$se,
    difference = c(a$Xb), difference_se = c(a$se), QE = r$QE, loglik = c(logLik(r)))
}
one("berkey", dat.berkey1998, "UN", "trial", "outcome", 0.6)
one("berkey", dat.berkey1998, "CS", "trial", "outcome", 0.6)
one("kalaian", dat.kalaian1996, "UN", "study", "outcome", 0.66)
one("kalaian", dat.kalaian1996, "DIAG", "study", "outcome", 0.66)
assink <- aggregate(cbind(yi, vi) ~ study + deltype, data = dat.assink2016, FUN = function(x) x[1])
one("assink", assink, "CS", "study", "deltype", 0.4)

## the options of errors beside: shared groups, times within kinds, kinds that are times, known covariances
best <- function(...) {
  given <- match.call(expand.dots = FALSE)$...
  here <- parent.frame()
  searches <- list(list(optimizer = "nlminb", rel.tol = 1e-13, x.tol = 1e-9, iter.max = 4000, eval.max = 8000),
                   list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-14, maxit = 20000))
  fits <- lapply(searches, function(control)
    tryCatch(suppressWarnings(eval(as.call(c(quote(rma.mv), given, list(control = control))), here)),
             error = function(e) NULL))
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(sapply(fits, function(f) c(logLik(f))))]]
}
beside <- list()
keep <- function(name, d) write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
under <- function(data, d, struct, options, V) {
  d$outcome <- factor(as.character(d$outcome), levels = unique(as.character(d$outcome)))
  inner <- d$outcome
  if (struct %in% c("AR", "HAR", "CAR")) inner <- as.numeric(as.character(d$outcome))
  if (struct %in% c("AR", "HAR")) inner <- factor(inner)
  d$inner <- inner
  fit <- best(yi, V, mods = ~ 0 + outcome, random = ~ inner | study, struct = struct, data = d)
  a <- anova(fit, X = c(-1, 1, rep(0, length(fit$beta) - 2)))
  rob <- clubSandwich::coef_test(fit, vcov = "CR2", cluster = as.character(d$study))
  case <- list(data = data, structure = struct, options = options, loglik = c(logLik(fit)), lowest = min(eigen(fit$G)$values) / max(fit$tau2))
  if (is.nan(case$lowest) || case$lowest >= -1e-6) # else it ends at a correlation that cannot be
    case <- c(case, list(beta = c(fit$beta), se = fit$se, difference = c(a$Xb), difference_se = c(a$se), tau2 = fit$tau2,
                         robust_se = rob$SE, robust_df = rob$df_Satt, QE = fit$QE))
  beside[[length(beside) + 1]] <<- case
  cat(data, struct, c(logLik(fit)), fit$tau2, "\n")
}

# several treatments of a trial against its one control group
against <- function(name, d, study, treatment, events, total, control, rho) {
  d <- data.frame(study = as.character(d[[study]]), treatment = as.character(d[[treatment]]), x = d[[events]], n = d[[total]])
  d <- aggregate(cbind(x, n) ~ study + treatment, data = d, FUN = sum)
  pairs <- merge(subset(d, treatment != control), subset(d, treatment == control), by = "study")
  pairs <- pairs[order(as.numeric(factor(pairs$study)), pairs$treatment.x), ]
  es <- escalc(measure = "OR", ai = x.x, n1i = n.x, ci = x.y, n2i = n.y, data = pairs)
  d <- data.frame(study = pairs$study, outcome = pairs$treatment.x, arm = pairs$treatment.x, versus = control,
                  n1 = pairs$n.x, n2 = pairs$n.y, yi = c(es$yi), vi = c(es$vi))
  keep(name, d)
  V <- vcalc(vi, cluster = study, type = outcome, rho = rho, grp1 = arm, grp2 = versus, w1 = n1, w2 = n2, data = d)
  for (s in c("CS", "DIAG")) under(name, d, s, c("--rho", rho, "--group1", "arm", "--group2", "versus", "--size1", "n1", "--size2", "n2"), V)
  V <- vcalc(vi, cluster = study, type = outcome, rho = rho, grp1 = arm, grp2 = versus, data = d)
  under(name, d, "CS", c("--rho", rho, "--group1", "arm", "--group2", "versus"), V)
}
against("smoking", dat.hasselblad1998, "study", "trt", "xi", "ni", "no_contact", 0.9)
against("tiotropium", dat.dong2013, "id", "treatment", "death", "randomized", "Placebo", 0.8)
against("bleeding", dat.pagliaro1992, "study", "trt", "xi", "ni", "control", 0.7)

# planning tasks of several difficulties, by several groups of patients against controls
d <- subset(dat.knapp2017, difficulty %in% 2:5)
d <- subset(d, !duplicated(paste(study, difficulty, group1)))
d <- data.frame(study = as.character(d$study), outcome = paste("level", d$difficulty), group1 = as.character(d$group1),
                group2 = as.character(d$group2), n1 = d$n_sz, n2 = d$n_hc, yi = d$yi, vi = d$vi)
keep("difficulty", d)
V <- vcalc(vi, cluster = study, type = outcome, rho = 0.4, grp1 = group1, grp2 = group2, w1 = n1, w2 = n2, data = d)
for (s in c("CS", "ID")) under("difficulty", d, s, c("--rho", "0.4", "--group1", "group1", "--group2", "group2", "--size1", "n1", "--size2", "n2"), V)

# nasal symptoms of a cold, rated by two scales on two days
d <- subset(dat.dagostino1998, outcome %in% c("rnic1", "rnic2", "snic1", "snic2"))
d <- escalc(measure = "SMD", m1i = mt, sd1i = sdt, n1i = nt, m2i = mc, sd2i = sdc, n2i = nc, data = d)
d <- subset(data.frame(study = as.character(d$study), outcome = ifelse(substr(d$outcome, 1, 1) == "r", "runny nose", "sneezing"),
                day = as.numeric(substr(d$outcome, 5, 5)), yi = c(d$yi), vi = c(d$vi)), !is.na(yi))
keep("colds", d)
for (s in c("UN", "CS")) {
  V <- vcalc(vi, cluster = study, type = outcome, rho = 0.5, time1 = day, phi = 0.7, data = d)
  under("colds", d, s, c("--rho", "0.5", "--time", "day", "--phi", "0.7"), V)
}

# outcomes that are times
d <- reshape(dat.ishak2007, direction = "long", idvar = "study", v.names = c("yi", "vi"),
             varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
d <- d[order(d$study, d$time), ]
d <- d[!is.na(d$yi), ]
d <- data.frame(study = gsub(",", "", as.character(d$study)), outcome = c(1, 3, 6, 12)[d$time], yi = d$yi, vi = d$vi)
keep("stimulation", d)
V <- vcalc(vi, cluster = study, time1 = outcome, phi = 0.9, data = d)
for (s in c("CAR", "AR", "HAR")) under("stimulation", d, s, c("--rho", "0.9"), V)
wide <- dat.fine1993
d <- do.call(rbind, lapply(1:4, function(t) {
  es <- escalc(measure = "OR", ai = wide[[paste0("e", t, "i")]], n1i = wide$nei, ci = wide[[paste0("c", t, "i")]], n2i = wide$nci)
  data.frame(study = as.character(wide$study), outcome = t / 2, yi = c(es$yi), vi = c(es$vi))
}))
d <- d[order(as.numeric(d$study), d$outcome), ]
d <- d[!is.na(d$yi), ]
keep("radiotherapy", d)
V <- vcalc(vi, cluster = study, time1 = outcome, phi = 0.5, data = d)
for (s in c("CAR", "AR")) under("radiotherapy", d, s, c("--rho", "0.5"), V)

# covariances as reported
d <- dat.berkey1998
V <- vcalc(vi = 1, cluster = trial, rvars = c(v1i, v2i), data = d)
d <- data.frame(study = as.character(d$trial), outcome = as.character(d$outcome), yi = d$yi, vi = d$vi)
write.csv(as.matrix(V), "berkey_covariances.csv", row.names = FALSE)
for (s in c("UN", "HCS")) under("berkey", d, s, c("--covariances", "berkey_covariances.csv"), V)
write_json(beside, "beside.json", digits = NA, auto_unbox = TRUE)
write_json(out, "expected.json", digits = NA, auto_unbox = TRUE)
