# What is installed: the library, static and shared, its headers and its two descriptions; the program and its page.
#
# Inside, names have no prefix. So that only yodel_* escapes, the shared library hides what is not marked YODEL_API, and
# the static one is a single object whose hidden names were made local.

include(CMakePackageConfigHelpers)

set(library_objects "")
set(library_dependencies "")
foreach(module ${YODEL_LIBRARY_MODULES})
  if(TARGET yodel_${module})
    list(APPEND library_objects $<TARGET_OBJECTS:yodel_${module}>)
    list(APPEND library_dependencies ${YODEL_LIBRARIES_${module}})
  endif()
endforeach()

# ---- the shared library

add_library(yodel_shared SHARED ${library_objects})
target_link_libraries(yodel_shared PRIVATE yodel_options ${library_dependencies} Threads::Threads m)
target_link_options(yodel_shared PRIVATE ${YODEL_HARDENING} -Wl,--no-undefined)
set_target_properties(yodel_shared PROPERTIES
  OUTPUT_NAME yodel VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# ---- the static library

if(NOT CMAKE_OBJCOPY OR NOT CMAKE_LINKER)
  message(FATAL_ERROR "yodel: the static library needs ld and objcopy (binutils)")
endif()
set(static_library ${CMAKE_BINARY_DIR}/libyodel.a)
add_custom_command(OUTPUT ${static_library}
  COMMAND ${CMAKE_LINKER} -r -o yodel.o ${library_objects}
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden yodel.o
  COMMAND ${CMAKE_COMMAND} -E rm -f ${static_library}
  COMMAND ${CMAKE_AR} qcs ${static_library} yodel.o
  COMMAND ${CMAKE_COMMAND} -E rm -f yodel.o
  DEPENDS ${library_objects}
  COMMAND_EXPAND_LISTS VERBATIM
  COMMENT "Making libyodel.a of one object")
add_custom_target(yodel_static ALL DEPENDS ${static_library})

# ---- how others find them

set(YODEL_PC_MEDIA "")
set(YODEL_CONFIG_MEDIA "")
if(YODEL_MEDIA)
  set(YODEL_PC_MEDIA " -lopus -lvpx -lopenh264 -lavcodec -lavutil -laom -ldav1d")
  set(YODEL_CONFIG_MEDIA " opus vpx openh264 libavcodec libavutil aom dav1d")
endif()
if(YODEL_DEVICES)
  string(APPEND YODEL_PC_MEDIA " -lavformat -lavdevice -lswscale -lswresample -lSDL2 -lspeexdsp")
  string(APPEND YODEL_CONFIG_MEDIA " libavformat libavdevice libswscale libswresample sdl2 speexdsp")
endif()
# Relative, so that an installed tree may be moved, and `cmake --install --prefix` may differ from what was configured.
file(RELATIVE_PATH YODEL_PC_TO_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/yodel.pc.in yodel.pc @ONLY)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/yodelConfig.cmake.in yodelConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/yodel
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/yodelConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

install(TARGETS yodel_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${static_library} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/yodel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/yodel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/yodelConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/yodelConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/yodel)

# ---- the program

if(TARGET yodel)
  target_link_options(yodel PRIVATE ${YODEL_HARDENING})
  install(TARGETS yodel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(EXISTS ${PROJECT_SOURCE_DIR}/docs/man/yodel.1)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/man/yodel.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  endif()
  if(EXISTS ${PROJECT_SOURCE_DIR}/docs/completion/yodel.bash)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/completion/yodel.bash RENAME yodel
      DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  endif()
endif()
