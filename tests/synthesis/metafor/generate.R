# Results of metafor that tests/reference does not hold: `Rscript generate.R > expected.json` in this folder.
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
tight <- list(maxiter=10000, threshold=1e-13, tol=1e-13)
num <- function(x) { x <- as.numeric(x); ifelse(is.finite(x), x, NA) }
set.seed(20261123)
sets <- list(
  bcg = with(escalc("RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg), list(yi=num(yi), vi=num(vi))),
  arcsine = with(escalc("AS", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg), list(yi=num(yi), vi=num(vi))),
  difference = with(escalc("RD", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg), list(yi=num(yi), vi=num(vi))),
  hackshaw = list(yi=num(dat.hackshaw1998$yi), vi=num(dat.hackshaw1998$vi)),
  negative = local({ n <- round(exp(runif(25, 3, 7))); v <- 4/n; list(yi=rnorm(25, -.4 - 2*sqrt(v), sqrt(v+.02)), vi=v) }),
  ties = list(yi=c(.1,.2,.2,.3,.4,.4,.4,.5,.6), vi=c(.01,.02,.02,.03,.04,.04,.05,.05,.05)),
  many = local({ v <- 10^runif(210, -3, 0); list(yi=rnorm(210, .2, sqrt(v+.05)), vi=v) }),
  wild = local({ v <- 10^seq(-8, 0, length.out=9); list(yi=rnorm(9, 0, sqrt(v+1e-4)), vi=v) })
)
one <- function(d) {
  r <- rma(yi, vi, data=d, control=tight)
  o <- d
  for (t in c("z","knha")) { f <- rma(yi, vi, data=d, test=t, control=tight); i <- influence(f); b <- baujat(f, xlim=c(0,1))
    o$influence[[t]] <- list(rstudent=num(i$inf$rstudent), dffits=num(i$inf$dffits), cook_d=num(i$inf$cook.d), cov_r=num(i$inf$cov.r),
      tau2_del=num(i$inf$tau2.del), Q_del=num(i$inf$QE.del), hat=num(i$inf$hat), dfbs=num(i$dfbs$intrcpt), influential=as.logical(i$is.infl))
    o$baujat[[t]] <- list(x=num(b$x), y=num(b$y)) }
  for (side in c("left","right")) for (est in c("L0","R0")) { f <- trimfill(r, side=side, estimator=est, control=tight)
    o$trimfill[[length(o$trimfill)+1]] <- list(side=side, estimator=est, k0=f$k0, filled_yi=I(num(f$yi[f$fill]))) }
  o$side <- trimfill(r)$side
  for (ft in c("Rosenthal","Rosenberg")) o$fsn[[ft]] <- fsn(yi=d$yi, vi=d$vi, type=ft)$fsnum
  o$fsn$Orwin <- fsn(yi=d$yi, vi=d$vi, type="Orwin")$fsnum
  k <- suppressWarnings(ranktest(r, exact=TRUE)); o$begg <- list(tau=num(k$tau), p=num(k$pval))
  ni <- round(4/d$vi) + 1
  r2 <- rma(yi, vi, ni=ni, data=d, control=tight); o$ni <- ni
  for (p in c("sei","vi","ni","ninv","sqrtni","sqrtninv")) for (m in c("rma","lm")) { e <- tryCatch(regtest(r2, model=m, predictor=p), error=function(err) NULL)  # ni of the small scales: "not of full rank"
    if (!is.null(e)) o$egger[[length(o$egger)+1]] <- list(predictor=p, model=m, stat=num(e$zval), p=num(e$pval)) }
  o
}
pl <- function(d, method) { d$id <- seq_along(d$yi); f <- rma.mv(yi, vi, random=~1|id, data=as.data.frame(d), method=method, control=list(rel.tol=1e-10))
  num(confint(f, control=list(tol=1e-12))$random[1,2:3]) }
pdf(NULL)
out <- list(metafor=as.character(packageVersion("metafor")), sets=lapply(sets, one))
for (s in c("bcg","hackshaw")) out$profile[[s]] <- list(REML=pl(sets[[s]], "REML"), ML=pl(sets[[s]], "ML"))
tab <- function(d) list(ai=d$ai, bi=d$bi, ci=d$ci, di=d$di)
res <- function(f) list(estimate=num(f$beta), se=num(f$se), stat=num(f$zval), p=num(f$pval), ci=num(c(f$ci.lb,f$ci.ub)), Q=num(f$QE), Q_df=num(f$k.yi)-1, Q_p=num(f$QEp))
tabs <- list(bcg=list(ai=dat.bcg$tpos, bi=dat.bcg$tneg, ci=dat.bcg$cpos, di=dat.bcg$cneg),
  zeros=list(ai=c(0,0,1,2,7), bi=c(20,30,24,38,13), ci=c(3,0,0,5,20), di=c(19,31,24,33,0)))
for (n in names(tabs)) { d <- tabs[[n]]; o <- d
  for (m in c("OR","RR","RD")) { f <- suppressWarnings(rma.mh(ai=ai, bi=bi, ci=ci, di=di, data=as.data.frame(d), measure=m)); o[[m]] <- res(f)
    if (m=="OR") o$OR <- c(o$OR, list(mh=num(f$MH), mh_p=num(f$MHp), ta=num(f$TA), ta_p=num(f$TAp))) }
  o$PETO <- res(rma.peto(ai=ai, bi=bi, ci=ci, di=di, data=as.data.frame(d)))
  out$tables[[n]] <- o }
d <- dat.nielweise2008; o <- list(x1i=d$x1i, t1i=d$t1i, x2i=d$x2i, t2i=d$t2i)
for (m in c("IRR","IRD")) o[[m]] <- res(rma.mh(x1i=x1i, t1i=t1i, x2i=x2i, t2i=t2i, data=d, measure=m))
out$rates <- o
cat(toJSON(out, digits=NA, auto_unbox=TRUE, na="null", null="null"), "\n")
