// What a hub offers its satellites (flow/hub.hpp), on a port of its own. A satellite is known by the certificate that
// it shows: the server asks for one, and who has another is not let in.
//
//   GET    /hub/v1/{service}/items?limit=100&wait=20000   what waits, oldest first; waits so many ms for something
//   GET    /hub/v1/{service}/items/{id}                   a line with the document, then its package
//   DELETE /hub/v1/{service}/items/{id}                   it is stored at the satellite: 204; 404 when it was gone
//   PUT    /hub/v1/{service}/sent/{messageId}             answers to this message are the satellite's: 204; 409 when it
//                                                         is another's. Body: {"conversationId": "..."}
#pragma once

#include <map>
#include <string>

#include "base/log.hpp"
#include "flow/hub.hpp"
#include "net/http_server.hpp"
#include "ports/blob_store.hpp"

namespace kanal::api {

struct HubApiParts {
  flow::Hub& hub;
  ports::BlobStore& blobs;
  std::map<std::string, std::string> satellites;  ///< by SHA-256 of their certificates (Request::client_certificate)
  Log& log;
};

/// The whole of it as one handler. The parts outlive it.
[[nodiscard]] net::Handler make_hub_api(HubApiParts parts);

}  // namespace kanal::api
