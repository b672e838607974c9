//! Stories of the whole pipeline, each told to the end on a real emulator.

mod upload_and_read;
