from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "portal.audit"
    label = "audit"

    def ready(self) -> None:
        from portal.audit.watch import faults_of_record
        from portal.jobs.auditor import register_fault_check

        register_fault_check(faults_of_record)
