// What the pages do more where scripts run. Without this file everything works, too.
