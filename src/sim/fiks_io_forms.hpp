// What administrators of Fiks IO write and see, as JSON (fiks_io_admin.cpp says what is in it). Pure.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "sim/fiks_io_types.hpp"

namespace kanal::sim {

// Errors: `sim.form`, with a sentence for the administrator.
Result<FiksIoAccount> read_fiks_io_account(const boost::json::object& body);
Result<void> change_fiks_io_account(const boost::json::object& body, FiksIoAccount& into);
Result<FiksIoDelivery> read_fiks_io_delivery(const boost::json::object& body);
Result<FiksIoScript> read_fiks_io_script(const boost::json::object& body);
Result<void> change_fiks_io_rules(const boost::json::object& body, FiksIoRules& into);

[[nodiscard]] boost::json::object fiks_io_json(const FiksIoMessage& message);
[[nodiscard]] boost::json::object fiks_io_json(const FiksIoRules& rules);

}  // namespace kanal::sim
