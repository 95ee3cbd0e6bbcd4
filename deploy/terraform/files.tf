# Acquired files and large payloads, where files_bucket names a bucket for them. Without versions, which Vestige refuses:
# what is to be erased would stay. Deletion by mistake is answered by a backup of the bucket, kept as long as any other.

resource "aws_s3_bucket" "files" {
  count = var.files_bucket == "" ? 0 : 1

  bucket        = var.files_bucket
  force_destroy = false
  tags          = var.tags
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  count = length(aws_s3_bucket.files)

  bucket = aws_s3_bucket.files[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "files" {
  count = length(aws_s3_bucket.files)

  bucket = aws_s3_bucket.files[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "files" {
  count = length(aws_s3_bucket.files)

  bucket = aws_s3_bucket.files[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  count = length(aws_s3_bucket.files)

  bucket = aws_s3_bucket.files[0].id

  rule {
    id     = "unfinished"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

data "aws_iam_policy_document" "files_tls" {
  count = length(aws_s3_bucket.files)

  statement {
    sid       = "OnlyOverTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.files[0].arn, "${aws_s3_bucket.files[0].arn}/*"]

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

resource "aws_s3_bucket_policy" "files" {
  count = length(aws_s3_bucket.files)

  bucket     = aws_s3_bucket.files[0].id
  policy     = data.aws_iam_policy_document.files_tls[0].json
  depends_on = [aws_s3_bucket_public_access_block.files]
}
