# expect: section terraform 16-18
# expect: key terraform.required_version 17-17
# expect: section variable.region 20-23
# expect: key variable.region.type 21-21
# expect: key variable.region.default 22-22
# expect: section resource.aws_instance.web 25-31
# expect: key resource.aws_instance.web.ami 26-26
# expect: section resource.aws_instance.web.lifecycle 28-30
# expect: section locals 33-35
# expect: key locals.name 34-34
# expect: section output.address 37-39
# expect: key output.address.value 38-38
# expect: key region 41-41

# Where it runs.
terraform {
  required_version = ">= 1.0"
}

variable "region" {
  type    = string
  default = "eu"
}

resource "aws_instance" "web" {
  ami = "ami-1"

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  name = "shapes-${var.region}"
}

output "address" {
  value = aws_instance.web.public_ip
}

region = "eu"
