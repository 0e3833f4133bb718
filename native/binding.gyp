{
  "targets": [
    {
      "target_name": "anprd_native",
      "sources": [
        "src/core/letterbox.cc",
        "src/core/levels.cc",
        "src/core/motion.cc",
        "src/core/rectify.cc",
        "src/core/sharpness.cc",
        "src/addon/arguments.cc",
        "src/addon/clock-state.cc",
        "src/addon/core-dumps.cc",
        "src/addon/letterbox.cc",
        "src/addon/levels.cc",
        "src/addon/module.cc",
        "src/addon/motion.cc",
        "src/addon/rectify.cc",
        "src/addon/service-manager.cc",
        "src/addon/sharpness.cc"
      ],
      "include_dirs": ["src", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS"],
      # No contraction: a fused multiply-add on arm64 would round otherwise than on x86-64, and a
      # kernel gives the same bytes on every machine.
      "cflags": ["-O3", "-ffp-contract=off", "-Wall", "-Wextra"],
      "cflags_cc": ["-std=c++17"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
    }
  ]
}
