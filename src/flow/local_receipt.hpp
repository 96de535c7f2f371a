// The arkivmelding_kvittering that the sender's own client gets where the service carries none: the receiver has no
// gateway that could send one (dpv.md 8, dpf.md 6.4).
#pragma once

#include "base/time.hpp"
#include "flow/settings.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

/// Puts the receipt of a message of ours into the client's inbox, in the transaction that writes the status it stands
/// for; its id follows from the message's, so that repeats change nothing. Messages of other document types get none.
Result<void> deliver_local_receipt(ports::Txn& txn, const ports::Conversation& answered,
                                   const LocalReceiptSettings& settings, std::chrono::hours ttl, Time now);

}  // namespace kanal::flow
