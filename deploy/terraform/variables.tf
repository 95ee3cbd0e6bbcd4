variable "name" {
  description = "What everything here is called, and begins with."
  type        = string
  default     = "vestige"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "Expected 3 to 32 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "vpc_id" {
  description = "The VPC that PostgreSQL is in."
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "Expected the id of a VPC, vpc-…."
  }
}

variable "subnet_ids" {
  description = "Private subnets of at least two zones, for PostgreSQL."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2 && alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "Expected two or more ids of subnets, subnet-…, in different zones."
  }
}

variable "client_security_group_ids" {
  description = "Security groups whose members may speak to PostgreSQL: the server's, and the host that roles.sh is run from."
  type        = list(string)

  validation {
    condition     = length(var.client_security_group_ids) > 0 && alltrue([for id in var.client_security_group_ids : can(regex("^sg-[0-9a-f]+$", id))])
    error_message = "Expected one or more ids of security groups, sg-…: without one nobody could reach the database."
  }
}

variable "database_version" {
  description = "PostgreSQL's major version."
  type        = string
  default     = "17"

  validation {
    condition     = can(regex("^[0-9]+$", var.database_version)) && try(tonumber(var.database_version) >= 15, false)
    error_message = "Expected a major version, 15 or newer: Vestige refuses older ones."
  }
}

variable "database_instance_class" {
  description = "docs/sizing.md says what the ledger needs."
  type        = string
  default     = "db.m7g.large"

  validation {
    condition     = startswith(var.database_instance_class, "db.")
    error_message = "Expected a class of instances, db.…."
  }
}

variable "database_storage_gib" {
  description = "Disk to begin with; docs/sizing.md."
  type        = number
  default     = 100

  validation {
    condition     = var.database_storage_gib >= 20 && floor(var.database_storage_gib) == var.database_storage_gib
    error_message = "Expected a whole number of GiB, 20 or more."
  }
}

variable "database_storage_most_gib" {
  description = "What it may grow to by itself: a full disk stops the ledger."
  type        = number
  default     = 4096

  validation {
    condition     = floor(var.database_storage_most_gib) == var.database_storage_most_gib && var.database_storage_most_gib <= 65536
    error_message = "Expected a whole number of GiB, 65,536 at most."
  }
}

variable "database_backup_days" {
  description = "How long backups are kept, by which any moment can be put back (docs/operations.md)."
  type        = number
  default     = 14

  validation {
    condition     = var.database_backup_days >= 1 && var.database_backup_days <= 35
    error_message = "Expected 1 to 35: a ledger without a backup can be lost with its disk."
  }
}

variable "database_multi_az" {
  description = "A standby in another zone that takes over by itself."
  type        = bool
  default     = true
}

variable "database_deletion_protection" {
  description = "Whether AWS refuses to delete the database until this is taken back."
  type        = bool
  default     = true
}

variable "database_ca_file" {
  description = "Where the server finds the certificates of RDS' authorities, as a file of its own system; with it the database has to prove who it is. Empty: connections are encrypted only."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(/[A-Za-z0-9._/-]+)?$", var.database_ca_file))
    error_message = "Expected an absolute path without blanks, or nothing."
  }
}

variable "kms_key_arn" {
  description = "The key that disk, backups, secrets and archives are encrypted with. Null: the account's own for each service."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "Expected the ARN of a key, arn:aws:kms:…, or null."
  }
}

variable "archive_bucket" {
  description = "The bucket that weekly archives go to; its name is one for all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.archive_bucket))
    error_message = "Expected the name of a bucket: 3 to 63 lower-case letters, digits, points and hyphens."
  }
}

variable "archive_lock_days" {
  description = "For how many days nobody, the account's root included, can delete an archive (Object Lock, compliance mode). 0: they can."
  type        = number
  default     = 0

  validation {
    condition     = var.archive_lock_days >= 0 && var.archive_lock_days <= 36500 && floor(var.archive_lock_days) == var.archive_lock_days
    error_message = "Expected a whole number of days, 0 to 36,500."
  }
}

variable "files_bucket" {
  description = "A bucket of its own for acquired files and large payloads. Empty: they lie in the server's data directory."
  type        = string
  default     = ""

  validation {
    condition     = var.files_bucket == "" || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.files_bucket))
    error_message = "Expected the name of a bucket: 3 to 63 lower-case letters, digits, points and hyphens, or nothing."
  }
}

variable "index_url" {
  description = "A ClickHouse server of yours, clickhouses://user:password@host:8443/database, one database for each installation. Empty: the index is in the server's own process, on its data volume."
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(clickhouses?://.+)?$", var.index_url))
    error_message = "Expected clickhouse://… or clickhouses://…, or nothing."
  }
}

variable "tags" {
  description = "Tags of everything here."
  type        = map(string)
  default     = {}
}
