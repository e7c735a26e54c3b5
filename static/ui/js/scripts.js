/* Scripts run here: pages need not bring along what a script would fetch. */
if (document.cookie.split("; ").includes("tagout_scripts=off")) {
  document.cookie = "tagout_scripts=;path=/;max-age=0;samesite=lax";
}
