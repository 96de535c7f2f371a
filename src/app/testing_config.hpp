// A configuration of nothing but arguments, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/testing.hpp"
#include "ops/config.hpp"

namespace kanal::app {

inline ops::Config config_of(std::vector<std::string> arguments) {
  const kanal::testing::TemporaryFolder empty;
  ops::ConfigSources sources;
  sources.folder = empty.path();
  sources.arguments = std::move(arguments);
  auto config = ops::Config::load(sources);
  EXPECT_TRUE(config.has_value());
  return std::move(*config);
}

}  // namespace kanal::app
