//! Builds the JSON Schemas of the events; `events/schemas` has copies.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::schemas::tidy;
use crate::event::{BlobEvent, Notification, UploadEvent};
use crate::pack_event::PackEvent;

/// Every schema, with the name of its file.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("blob-event.json", schema::<BlobEvent>("urn:sluice:event:blob")),
        ("object-created.json", schema::<Notification>("urn:sluice:event:object-created")),
        ("pack-event.json", schema::<PackEvent>("urn:sluice:event:pack")),
        ("upload-event.json", schema::<UploadEvent>("urn:sluice:event:upload")),
    ]
}

fn schema<T: JsonSchema>(id: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), id.into());
    tidy(&mut schema);
    schema.to_value()
}
