//! What `sluice-storage` relies on in tables: on the emulator, behind a strict AWS, and in memory.
//!
//! The tests of workers run on tables in memory. They show something only if these do the same as real ones.
//! Behind the strict AWS requests are throttled, meet others or lose their answers, and indexes lag.

mod accounts;
mod files;
mod packs;
mod support;
mod uploads;

use support::{emulated, in_memory, strict};

/// Makes three tests of each behaviour.
macro_rules! on_all {
    ($($module:ident: $($behaviour:ident),+;)+) => {
        mod of_emulator {
            $($(
                #[tokio::test]
                async fn $behaviour() {
                    crate::$module::$behaviour(&super::emulated().await).await;
                }
            )+)+
        }

        mod of_strict_aws {
            $($(
                #[tokio::test]
                async fn $behaviour() {
                    crate::$module::$behaviour(&super::strict().await).await;
                }
            )+)+
        }

        mod memory {
            $($(
                #[tokio::test]
                async fn $behaviour() {
                    crate::$module::$behaviour(&super::in_memory()).await;
                }
            )+)+
        }
    };
}

on_all! {
    accounts:
        a_session_is_read_by_its_key_until_it_ends,
        all_sessions_but_one_end_at_once,
        a_session_begins_only_with_the_password_that_was_compared,
        an_invitation_makes_one_account,
        attempts_are_counted_even_if_made_at_once,
        a_success_takes_only_itself_back,
        a_quota_changes_by_as_much_as_is_free;
    uploads:
        a_user_name_is_taken_once,
        a_cancelled_transaction_names_every_condition_that_failed,
        a_cancelled_transaction_changes_nothing,
        concurrent_transactions_never_reserve_more_than_the_quota,
        open_uploads_are_listed_oldest_first_page_by_page,
        an_ended_upload_leaves_the_indexes,
        due_uploads_are_found_by_time_the_most_overdue_first,
        a_condition_distinguishes_null_from_a_value,
        a_lease_has_one_holder_until_it_lapses_or_is_released,
        an_upload_ends_once;
    files:
        a_published_version_is_found_by_path_id_and_hash,
        a_renamed_file_is_found_by_its_id_at_once,
        a_file_and_a_blob_are_read_in_one_call,
        a_blob_is_published_once,
        files_are_listed_by_the_bytes_of_their_paths_page_by_page,
        a_delimiter_groups_paths,
        segments_divide_a_table;
    packs:
        a_row_keeps_numbers_bytes_and_nested_values,
        a_row_is_created_once,
        only_an_unreferenced_pack_is_deleted_and_its_row_returned,
        more_rows_than_a_batch_are_written_and_read,
        an_absent_number_counts_from_zero,
        a_pack_moves_only_from_the_placement_that_was_read,
        a_retired_object_is_due_until_it_is_forgotten,
        receipts_are_listed_in_order_page_by_page;
}
