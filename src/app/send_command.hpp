// `kanal send DIR|FILE...`: a small case system for trying an installation.
#pragma once

#include <string>
#include <vector>

namespace kanal::app {

struct SendOptions {
  std::string url = "http://127.0.0.1:9093";
  std::string receiver;  ///< `0192:<orgnr>` or nine digits
  std::string sender;    ///< empty: the installation's own organisation
  std::string title = "Brev";
  std::string process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
  std::string user;  ///< `name:password` for basic authentication
  std::vector<std::string> paths;
  bool wait = false;  ///< follow the statuses until the message is delivered or has failed
  bool json = false;
};

int send_files(const SendOptions& options);

}  // namespace kanal::app
