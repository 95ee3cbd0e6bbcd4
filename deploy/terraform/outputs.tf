locals {
  # Whether there is one is no secret, and what has it must not be hidden for it.
  has_index = nonsensitive(var.index_url != "")
  secrets = merge(
    {
      VESTIGE_DATABASE_URL       = "postgresql://vestige_app:${random_password.app.result}@${local.address}"
      VESTIGE_DATABASE_OWNER_URL = "postgresql://vestige_owner:${random_password.owner.result}@${local.address}"
    },
    local.has_index ? { VESTIGE_INDEX_URL = var.index_url } : {},
  )
  settings = merge(
    local.secrets,
    {
      VESTIGE_ARCHIVE_URL       = "s3://${aws_s3_bucket.archive.id}/archives"
      VESTIGE_ARCHIVE_LOCK_DAYS = tostring(var.archive_lock_days)
    },
    var.files_bucket == "" ? {} : { VESTIGE_BLOBS_URL = "s3://${one(aws_s3_bucket.files[*].id)}/blobs" },
  )
}

output "settings" {
  description = "The server's environment, name by name."
  value       = local.settings
  sensitive   = true
}

output "settings_secret_arn" {
  description = "The secret of AWS Secrets Manager that holds those of them that are secret, as an object of JSON."
  value       = aws_secretsmanager_secret.settings.arn
}

output "database_owner_password" {
  description = "For ../postgres/roles.sh: the file database_owner_password."
  value       = random_password.owner.result
  sensitive   = true
}

output "database_app_password" {
  description = "For ../postgres/roles.sh: the file database_app_password."
  value       = random_password.app.result
  sensitive   = true
}

output "database_master_secret_arn" {
  description = "The secret with the password of `master`, as which ../postgres/roles.sh is run; AWS changes it by itself."
  value       = aws_db_instance.ledger.master_user_secret[0].secret_arn
}

output "database_address" {
  description = "PostgreSQL's host, for ../postgres/roles.sh."
  value       = aws_db_instance.ledger.address
}

output "objects_policy_arn" {
  description = "The IAM policy to attach to whoever the server is in AWS."
  value       = aws_iam_policy.server.arn
}
