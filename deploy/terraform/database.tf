# Ledger and workspace. The roles are made by ../postgres/roles.sh, once, as the user `master`: this module cannot reach
# into a private network.

locals {
  database = "vestige"
  tls      = var.database_ca_file == "" ? "sslmode=require" : "sslmode=verify-full&sslrootcert=${var.database_ca_file}"
  address  = "${aws_db_instance.ledger.address}:${aws_db_instance.ledger.port}/${local.database}?${local.tls}"
}

resource "aws_db_subnet_group" "ledger" {
  name       = "${var.name}-ledger"
  subnet_ids = var.subnet_ids
  tags       = var.tags
}

resource "aws_security_group" "ledger" {
  name        = "${var.name}-ledger"
  description = "PostgreSQL of Vestige: from its servers alone"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "ledger" {
  for_each = toset(var.client_security_group_ids)

  security_group_id            = aws_security_group.ledger.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  description                  = "PostgreSQL"
}

resource "aws_db_parameter_group" "ledger" {
  name   = "${var.name}-ledger-${var.database_version}"
  family = "postgres${var.database_version}"
  tags   = var.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # The default, said: Vestige refuses a server that could lose what it acknowledged.
  parameter {
    name  = "synchronous_commit"
    value = "on"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "ledger" {
  identifier     = "${var.name}-ledger"
  engine         = "postgres"
  engine_version = var.database_version
  instance_class = var.database_instance_class

  db_name                     = local.database
  username                    = "master"
  manage_master_user_password = true
  parameter_group_name        = aws_db_parameter_group.ledger.name

  allocated_storage     = var.database_storage_gib
  max_allocated_storage = var.database_storage_most_gib
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  db_subnet_group_name   = aws_db_subnet_group.ledger.name
  vpc_security_group_ids = [aws_security_group.ledger.id]
  publicly_accessible    = false
  multi_az               = var.database_multi_az

  backup_retention_period   = var.database_backup_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.database_deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-ledger-final"

  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false
  apply_immediately           = false
  tags                        = var.tags

  lifecycle {
    precondition {
      condition     = var.database_storage_most_gib > var.database_storage_gib
      error_message = "Expected database_storage_most_gib to be more than database_storage_gib."
    }
  }
}

# Letters and digits alone: a URL takes them as they are. They are in Terraform's state: keep that as secret as they are.
resource "random_password" "owner" {
  length  = 48
  special = false
}

resource "random_password" "app" {
  length  = 48
  special = false
}

resource "aws_secretsmanager_secret" "settings" {
  name        = "${var.name}/settings"
  description = "Settings of Vestige that are secret, by name"
  kms_key_id  = var.kms_key_arn
  tags        = var.tags
}

resource "aws_secretsmanager_secret_version" "settings" {
  secret_id     = aws_secretsmanager_secret.settings.id
  secret_string = jsonencode(local.secrets)
}
