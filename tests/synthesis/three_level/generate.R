# Three-level models and robust errors by metafor and clubSandwich: Rscript generate.R, here
#
# Data: package metadat (assink2016, bornmann2007, crede2010, knapp2017, tannersmith2016).
suppressMessages({library(metafor); library(metadat); library(clubSandwich); library(jsonlite)})
data <- list()
cases <- list()

best <- function(yi, V, mods, random, d) {
  searches <- list(list(optimizer = "nlminb", rel.tol = 1e-14, x.tol = 1e-10, iter.max = 4000, eval.max = 8000),
                   list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 9000),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15, maxit = 20000))
  fits <- lapply(searches, function(control)
    tryCatch(suppressWarnings(rma.mv(yi, V, mods = mods, random = random, data = d, control = control)),
             error = function(e) NULL))
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(sapply(fits, function(f) c(logLik(f))))]]
}

robust_of <- function(fit, cluster, type) {
  found <- coef_test(fit, vcov = type, cluster = cluster, test = "Satterthwaite")
  list(se = found$SE, tstat = found$tstat, df = found$df_Satt, p = found$p_Satt)
}

add <- function(set, d, formula = NULL, rho = 0) {
  d$row <- seq_len(nrow(d))
  d$cluster <- as.character(d$cluster)
  V <- if (rho == 0) d$vi else vcalc(vi, cluster = cluster, obs = row, rho = rho, data = d)
  mods <- if (is.null(formula)) ~ 1 else as.formula(paste("~", formula))
  fit <- best(d$yi, V, mods, ~ 1 | cluster/row, d)
  case <- list(set = set, rho = rho, mods = formula, terms = rownames(fit$beta),
               beta = c(fit$beta), se = fit$se, ci_lb = fit$ci.lb, ci_ub = fit$ci.ub, sigma2 = fit$sigma2,
               loglik = c(logLik(fit)), QE = fit$QE,
               robust = sapply(c("CR0", "CR1", "CR2"), function(type) robust_of(fit, d$cluster, type), simplify = FALSE))
  if (is.null(formula)) {
    p <- predict(fit)
    case$pi <- c(p$pi.lb, p$pi.ub)
    case$weights <- c(weights(fit, type = "rowsum"))
  } else {
    case$QM <- fit$QM
  }
  data[[set]] <<- as.list(d[, setdiff(names(d), "row")])
  cases[[length(cases) + 1]] <<- case
  cat(set, rho, formula, c(logLik(fit)), fit$sigma2, "\n")
}
each <- function(set, d, formula) for (rho in c(0, 0.6)) {
  add(set, d, rho = rho)
  add(set, d, formula, rho)
}

d <- dat.assink2016
each("assink2016", data.frame(cluster = d$study, yi = d$yi, vi = d$vi, year = d$year), "year")

d <- escalc(measure = "OR", ai = waward, n1i = wtotal, ci = maward, n2i = mtotal, data = dat.bornmann2007)
each("bornmann2007", data.frame(cluster = as.character(d$study), yi = c(d$yi), vi = c(d$vi), type = as.character(d$type)), "type")

d <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = subset(dat.crede2010, criterion == "grade"))
each("crede2010", data.frame(cluster = d$studyid, yi = c(d$yi), vi = c(d$vi), year = d$year - 2000), "year")

d <- subset(dat.knapp2017, !is.na(difficulty))
each("knapp2017", data.frame(cluster = d$study, yi = d$yi, vi = d$vi, difficulty = d$difficulty), "difficulty")

d <- dat.tannersmith2016
each("tannersmith2016", data.frame(cluster = d$studyid, yi = d$yi, vi = d$vi, age = d$aget2), "age")

write_json(list(data = data, cases = cases), "multilevel.json", digits = NA, auto_unbox = TRUE, null = "null")
