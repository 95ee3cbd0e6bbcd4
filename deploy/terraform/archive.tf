# Weekly archives (docs/retention.md). The bucket can lock objects from the start, since that can hardly be had later;
# nothing is locked unless archive_lock_days says so, and then by Vestige itself, object by object.

resource "aws_s3_bucket" "archive" {
  bucket              = var.archive_bucket
  object_lock_enabled = true
  force_destroy       = false
  tags                = var.tags
}

resource "aws_s3_bucket_versioning" "archive" {
  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  bucket = aws_s3_bucket.archive.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    id     = "unfinished"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

data "aws_iam_policy_document" "tls" {
  statement {
    sid       = "OnlyOverTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.archive.arn, "${aws_s3_bucket.archive.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "archive" {
  bucket     = aws_s3_bucket.archive.id
  policy     = data.aws_iam_policy_document.tls.json
  depends_on = [aws_s3_bucket_public_access_block.archive]
}

# What the server needs, and no more. To lock objects it signs for itself, so it needs keys in AWS_ACCESS_KEY_ID and
# AWS_SECRET_ACCESS_KEY then; without locks a role of the machine will do.
data "aws_iam_policy_document" "server" {
  statement {
    sid = "Bucket"
    actions = [
      "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation",
      "s3:GetBucketObjectLockConfiguration",
    ]
    resources = [aws_s3_bucket.archive.arn]
  }

  statement {
    sid = "Objects"
    actions = [
      "s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject", "s3:DeleteObjectVersion",
      "s3:AbortMultipartUpload", "s3:PutObjectRetention", "s3:GetObjectRetention",
    ]
    resources = ["${aws_s3_bucket.archive.arn}/*"]
  }

  dynamic "statement" {
    for_each = aws_s3_bucket.files

    content {
      sid       = "Files"
      actions   = ["s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
      resources = [statement.value.arn, "${statement.value.arn}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_policy" "server" {
  name        = "${var.name}-objects"
  description = "What a server of Vestige does with its archives and kept files"
  policy      = data.aws_iam_policy_document.server.json
  tags        = var.tags
}
