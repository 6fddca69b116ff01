# Multivariate models by metafor and clubSandwich on data sets of metadat: Rscript generate.R
suppressMessages({library(metafor); library(metadat); library(clubSandwich); library(jsonlite)})

tight <- list(optimizer = "nlminb", rel.tol = 1e-12, x.tol = 1e-9, iter.max = 2000, eval.max = 4000)
again <- list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-14, maxit = 20000)
also  <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000)

best <- function(...) {
  given <- match.call(expand.dots = FALSE)$...
  here <- parent.frame()
  fits <- lapply(list(tight, again, also), function(control)
    tryCatch(suppressWarnings(eval(as.call(c(quote(rma.mv), given, list(control = control))), here)),
             error = function(e) { message(conditionMessage(e)); NULL }))
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(sapply(fits, function(f) c(logLik(f))))]]
}

cases <- list()
data <- list()
keep <- function(name, dat) data[[name]] <<- dat

add <- function(name, set, dat, V, mods, terms, fit, cluster = NULL, contrast = NULL) {
  case <- list(name = name, set = set, V = V, mods = mods, terms = terms,
               method = fit$method, beta = c(fit$beta), se = fit$se, loglik = c(logLik(fit)),
               sigma2 = if (fit$withS) fit$sigma2, tau2 = if (fit$withG) fit$tau2,
               rho = if (fit$withG) fit$rho, gamma2 = if (fit$withH) fit$gamma2,
               phi = if (fit$withH) fit$phi, Q = fit$QE, Q_df = fit$k - fit$p, QM = fit$QM,
               AIC = c(AIC(fit)), BIC = c(BIC(fit)))
  if (ncol(fit$X) == 1)
    case$weights <- c(weights(fit, type = "rowsum"))
  if (!is.null(cluster)) {
    rob <- coef_test(fit, vcov = "CR2", cluster = cluster)
    case$cluster <- cluster
    case$robust <- list(se = rob$SE, df = rob$df)
    if (!is.null(contrast)) {
      lin <- linear_contrast(fit, vcov = "CR2", cluster = cluster, contrasts = matrix(contrast, 1))
      case$linear <- list(row = contrast, est = lin$Est, se = lin$SE, df = lin$df)
    }
  }
  cases[[length(cases) + 1]] <<- case
  cat(name, c(logLik(fit)), "\n")
}
ri <- function(group, inner = NULL, struct = NULL) list(group = group, inner = inner, struct = struct)

## outcomes of five trials, covariances known
d <- dat.berkey1998
V <- vcalc(vi = 1, cluster = trial, rvars = c(v1i, v2i), data = d)
keep("berkey1998", list(yi = d$yi, trial = d$trial, outcome = as.character(d$outcome), year = d$year - 1983,
                        V = V))
for (s in c("UN", "CS", "HCS", "DIAG", "ID")) for (m in c("REML", "ML"))
  add(paste("berkey", s, m), "berkey1998", d, "known", "outcome", list(ri("trial", "outcome", s)),
      best(yi, V, mods = ~ outcome - 1, random = ~ factor(outcome, levels = c("PD", "AL")) | trial, struct = s, data = within(d, outcome <- factor(outcome, levels = c("PD", "AL"))), method = m))

## SAT coaching: verbal and mathematical, correlation assumed
d <- dat.kalaian1996
d$outcome <- factor(as.character(d$outcome), levels = unique(as.character(d$outcome)))
V <- vcalc(vi, cluster = study, type = outcome, data = d, rho = 0.66)
keep("kalaian1996", list(yi = d$yi, vi = d$vi, study = as.character(d$study), outcome = as.character(d$outcome), assumed = list(kind = "outcome", rho = 0.66)))
for (s in c("UN", "CS", "HCS", "DIAG", "ID"))
  add(paste("kalaian", s), "kalaian1996", d, "known", "outcome", list(ri("study", "outcome", s)),
      best(yi, V, mods = ~ outcome - 1, random = ~ outcome | study, struct = s, data = d),
      cluster = as.character(d$study), contrast = c(1, -1))

## deep brain stimulation: four times, AR(1) errors
d <- dat.ishak2007
d <- reshape(d, direction = "long", idvar = "study", v.names = c("yi", "vi"),
             varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
d <- d[order(d$study, d$time), ]
d <- d[!is.na(d$yi), ]
months <- c(1, 3, 6, 12)
d$month <- months[d$time]
rownames(d) <- NULL
V <- vcalc(vi, cluster = study, time1 = time, phi = 0.97, data = d)
keep("ishak2007", list(yi = d$yi, vi = d$vi, study = as.character(d$study), time = d$time, month = d$month, assumed = list(time = "time", phi = 0.97)))
d$ftime <- factor(d$time)
for (s in c("AR", "HAR", "UN", "CS", "HCS", "DIAG", "ID"))
  add(paste("ishak", s), "ishak2007", d, "known", "time", list(ri("study", "time", s)),
      best(yi, V, mods = ~ ftime - 1, random = ~ time | study, struct = s, data = d),
      cluster = as.character(d$study), contrast = c(1, 0, 0, -1))
add("ishak CAR", "ishak2007", d, "known", "time", list(ri("study", "month", "CAR")),
    best(yi, V, mods = ~ ftime - 1, random = ~ month | study, struct = "CAR", data = d))

## radiotherapy: survival at four times, covariances known
wide <- dat.fine1993
d <- do.call(rbind, lapply(1:4, function(t) {
  es <- escalc(measure = "OR", ai = wide[[paste0("e", t, "i")]], n1i = wide$nei,
               ci = wide[[paste0("c", t, "i")]], n2i = wide$nci)
  data.frame(study = wide$study, time = t, yi = c(es$yi), vi = c(es$vi))
}))
d <- d[order(d$study, d$time), ]
d <- d[!is.na(d$yi), ]
rownames(d) <- NULL
V <- vcalc(vi, cluster = study, time1 = time, phi = 0.6, data = d)
keep("fine1993", list(yi = d$yi, vi = d$vi, study = as.character(d$study), time = d$time, assumed = list(time = "time", phi = 0.6)))
d$ftime <- factor(d$time)
for (s in c("AR", "HAR", "CS", "DIAG", "CAR"))
  add(paste("fine", s), "fine1993", d, "known", "time", list(ri("study", "time", s)),
      best(yi, V, mods = ~ ftime - 1, random = ~ time | study, struct = s, data = d))

## seizures of 59 persons with epilepsy at four visits (MASS, Thall and Vail 1990): log counts
d <- MASS::epil
d <- data.frame(study = as.character(d$subject), time = d$period, yi = log(d$y + 0.5), vi = 1 / (d$y + 0.5))
keep("epil", list(yi = d$yi, vi = d$vi, study = d$study, time = d$time))
d$ftime <- factor(d$time)
for (s in c("AR", "HAR", "CAR"))
  add(paste("seizures", s), "epil", d, "vi", "time", list(ri("study", "time", s)),
      best(yi, vi, mods = ~ ftime - 1, random = ~ time | study, struct = s, data = d))

## schools in districts, years crossed with them
d <- dat.konstantopoulos2011
d$unit <- paste(d$district, d$school)
keep("konstantopoulos2011", list(yi = d$yi, vi = d$vi, district = as.character(d$district),
     school = as.character(d$school), unit = d$unit, year = as.character(d$year)))
add("schools nested", "konstantopoulos2011", d, "vi", "1", list(ri("district"), ri("unit")),
    best(yi, vi, random = ~ 1 | district/school, data = d), cluster = as.character(d$district))
add("schools CS", "konstantopoulos2011", d, "vi", "1", list(ri("district", "school", "CS")),
    best(yi, vi, random = ~ school | district, struct = "CS", data = d), cluster = as.character(d$district))
add("schools crossed", "konstantopoulos2011", d, "vi", "1", list(ri("district"), ri("year")),
    best(yi, vi, random = list(~ 1 | district, ~ 1 | year), data = d))
add("schools crossed and nested", "konstantopoulos2011", d, "vi", "1", list(ri("district"), ri("unit"), ri("year")),
    best(yi, vi, random = list(~ 1 | district, ~ 1 | unit, ~ 1 | year), data = d))

## delinquent behaviour: effects in studies, correlation assumed
d <- dat.assink2016
d$effect <- seq_len(nrow(d))
V <- vcalc(vi, cluster = study, obs = esid, data = d, rho = 0.6)
d$deltype <- factor(as.character(d$deltype), levels = unique(as.character(d$deltype)))
keep("assink2016", list(yi = d$yi, vi = d$vi, study = as.character(d$study), esid = d$esid, effect = as.character(d$effect),
     deltype = as.character(d$deltype), assumed = list(measurement = "esid", rho = 0.6)))
add("delinquency", "assink2016", d, "known", "1", list(ri("study"), ri("effect")),
    best(yi, V, random = ~ 1 | study/effect, data = d), cluster = as.character(d$study))
add("delinquency by type", "assink2016", d, "known", "deltype", list(ri("study"), ri("effect")),
    best(yi, V, mods = ~ deltype - 1, random = ~ 1 | study/effect, data = d),
    cluster = as.character(d$study), contrast = c(1, -1, 0))
add("delinquency DIAG", "assink2016", d, "known", "deltype", list(ri("study"), ri("effect", "deltype", "DIAG")),
    best(yi, V, mods = ~ deltype - 1, random = list(~ 1 | study, ~ deltype | effect), struct = "DIAG", data = d))

add("delinquency crossed", "assink2016", d, "known", "1", list(ri("study"), ri("deltype"), ri("effect")),
    best(yi, V, random = list(~ 1 | study, ~ 1 | deltype, ~ 1 | effect), data = d))

## planning in schizophrenia: tasks crossed with studies
d <- dat.knapp2017
d$effect <- as.character(seq_len(nrow(d)))
keep("knapp2017", list(yi = d$yi, vi = d$vi, study = as.character(d$study), task = as.character(d$task), effect = d$effect))
add("planning crossed", "knapp2017", d, "vi", "1", list(ri("study"), ri("task")),
    best(yi, vi, random = list(~ 1 | study, ~ 1 | task), data = d))
add("planning crossed and each effect", "knapp2017", d, "vi", "1", list(ri("study"), ri("task"), ri("effect")),
    best(yi, vi, random = list(~ 1 | study, ~ 1 | task, ~ 1 | effect), data = d))

## job satisfaction of commuters: samples in studies
d <- dat.crede2010
d <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = subset(d, criterion == "grade"))
d$unit <- paste(d$studyid, d$sampleid)
keep("crede2010", list(yi = c(d$yi), vi = c(d$vi), study = as.character(d$studyid), unit = d$unit))
add("attendance", "crede2010", d, "vi", "1", list(ri("study"), ri("unit")),
    best(yi, vi, random = ~ 1 | studyid/sampleid, data = d), cluster = as.character(d$studyid))

## covariances by vcalc's cases: row sums, and sums of squares of rows
vc <- list()
sums <- function(V) list(row = rowSums(V), square = rowSums(V^2))
d <- dat.assink2016
vc$obs <- c(list(set = "assink2016"), sums(vcalc(vi, cluster = study, obs = esid, data = d, rho = 0.6)))
vc$type <- c(list(set = "assink2016"), sums(vcalc(vi, cluster = study, type = deltype, obs = esid, data = d, rho = c(0.6, 0.4))))
d <- dat.knapp2017
d$row <- seq_len(nrow(d))
vc$groups <- c(list(vi = d$vi, cluster = d$study, grp1 = as.character(d$group1), grp2 = as.character(d$group2), w1 = d$n_sz, w2 = d$n_hc, effect = d$row),
  sums(vcalc(vi, cluster = study, grp1 = group1, grp2 = group2, w1 = n_sz, w2 = n_hc, data = d, obs = row, rho = 0.4)))
one <- data.frame(study = c(1, 1, 1, 2, 2), t1 = c(1, 2, 4, 1, 3), t2 = c(0, 0, 0, 0, 0), g1 = c("a", "a", "b", "a", "b"),
  g2 = c("c", "c", "c", "c", "a"), w1 = c(20, 18, 25, 10, 12), w2 = c(22, 22, 22, 9, 10), vi = c(.1, .12, .09, .2, .25))
vc$times <- c(as.list(one), sums(vcalc(vi, cluster = study, time1 = t1, time2 = t2, phi = 0.8, grp1 = g1, grp2 = g2, w1 = w1, w2 = w2, data = one)))

write_json(list(data = data, cases = cases, covariances = vc), "multivariate.json", digits = NA, auto_unbox = TRUE, null = "null")
