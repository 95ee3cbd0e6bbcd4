# Vestige's stores in the private subnets of a VPC that is there, archives locked for a year.

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "The region of AWS."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "private_subnet_ids" {
  description = "Its private subnets, of two zones or more."
  type        = list(string)
}

variable "server_security_group_id" {
  description = "The security group that the server's pods or machines are in."
  type        = string
}

variable "archive_bucket" {
  description = "The name of the bucket."
  type        = string
}

module "vestige" {
  source = "../.."

  vpc_id                    = var.vpc_id
  subnet_ids                = var.private_subnet_ids
  client_security_group_ids = [var.server_security_group_id]
  archive_bucket            = var.archive_bucket
  archive_lock_days         = 365

  tags = { application = "vestige" }
}

output "settings" {
  description = "What the server is given: `terraform output -json settings`."
  value       = module.vestige.settings
  sensitive   = true
}
