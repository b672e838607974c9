//! Each rule of DynamoDB and SQS, in front of a small emulator.

mod dynamodb;
mod emulator;
mod forwarding;
mod sqs;
