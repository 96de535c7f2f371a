// Admin of Fiks IO (ours); what there is, stands in the .cpp.
#pragma once

#include "net/http_server.hpp"

namespace kanal::sim {

class FiksIo;

/// `fiks_io` must outlive the routes.
void add_fiks_io_admin(FiksIo& fiks_io, net::Router& routes);

}  // namespace kanal::sim
