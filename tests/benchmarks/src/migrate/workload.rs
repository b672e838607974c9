//! Defines the workloads of the migration, and the contenders that move them.

/// Files of one size.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    pub objects: u32,
    pub object_bytes: usize,
}

/// What moves the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// migrate-pack, with a message for each blob.
    Blobs,
    /// migrate-pack, with messages that name packs.
    Packs,
    /// `rclone copy`, then `rclone check`.
    Rclone,
}

impl Contender {
    /// Messages that name packs are skipped if each blob has a pack of its own. rclone comes last.
    pub fn all(workload: Workload, pack_count: usize) -> Vec<Self> {
        if pack_count < workload.objects as usize {
            vec![Self::Blobs, Self::Packs, Self::Rclone]
        } else {
            vec![Self::Blobs, Self::Rclone]
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Blobs => "migrate-pack, a message for each blob",
            Self::Packs => "migrate-pack, messages that name 100 packs",
            Self::Rclone => "`rclone copy`, then `rclone check`",
        }
    }
}

impl Workload {
    pub fn name(self) -> String {
        let size = if self.object_bytes < 1 << 20 {
            format!("{} KiB", self.object_bytes >> 10)
        } else {
            format!("{} MiB", self.object_bytes >> 20)
        };
        format!("{} files of {size}", self.objects)
    }

    pub fn size_bytes(self) -> u64 {
        u64::from(self.objects) * self.object_bytes as u64
    }

    pub fn prefix(self) -> String {
        format!("{}/", self.object_bytes)
    }

    pub fn key(self, number: u32) -> String {
        format!("{}{number:06}", self.prefix())
    }
}
